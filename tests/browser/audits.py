"""What tests look at on a page as it is: axe's rules, what is cut off, and whether the focus can be seen."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

from stack.deploy import page as built

_AXE: Final = built.INSTALLED / "node_modules" / "axe-core" / "axe.min.js"

# The audits of Lighthouse's accessibility category that give its score, each of which is a rule of axe. Those that axe
# leaves out by default (experimental, or of WCAG's level AAA) are among them.
LIGHTHOUSE: Final = (
    "accesskeys", "aria-allowed-attr", "aria-allowed-role", "aria-command-name", "aria-conditional-attr",
    "aria-deprecated-role", "aria-dialog-name", "aria-hidden-body", "aria-hidden-focus", "aria-input-field-name",
    "aria-meter-name", "aria-progressbar-name", "aria-prohibited-attr", "aria-required-attr", "aria-required-children",
    "aria-required-parent", "aria-roles", "aria-text", "aria-toggle-field-name", "aria-tooltip-name",
    "aria-treeitem-name", "aria-valid-attr", "aria-valid-attr-value", "button-name", "bypass", "color-contrast",
    "definition-list", "dlitem", "document-title", "duplicate-id-aria", "empty-heading", "form-field-multiple-labels",
    "frame-title", "heading-order", "html-has-lang", "html-lang-valid", "html-xml-lang-mismatch",
    "identical-links-same-purpose", "image-alt", "image-redundant-alt", "input-button-name", "input-image-alt", "label",
    "label-content-name-mismatch", "landmark-one-main", "link-in-text-block", "link-name", "list", "listitem",
    "meta-refresh", "meta-viewport", "object-alt", "select-name", "skip-link", "tabindex", "table-duplicate-name",
    "table-fake-caption", "target-size", "td-has-header", "td-headers-attr", "th-has-data-cells", "valid-lang",
    "video-caption",
)  # fmt: skip

# What a person would have to scroll sideways for, or cannot see: texts that reach beyond their box, or the screen.
_CUT_OFF: Final = """() => {
  const width = document.documentElement.clientWidth;
  const sideways = document.documentElement.scrollWidth - width;
  const found = sideways > 0 ? [`the page is ${sideways} px wider than the screen`] : [];
  for (const element of document.querySelectorAll("main *, nav *, aside *, dialog[open] *, .toast")) {
    const { left, right, width: own } = element.getBoundingClientRect();
    if (!own || element.closest(".unseen, svg, .mirror") || !element.checkVisibility()) continue;
    const name = `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`;
    if (left < -1 || right > width + 1) found.push(`beyond the screen: ${name}`);
    const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const isBeyond = getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
    if (isText && isBeyond) found.push(`cut off: ${name}`);
  }
  return found;
}"""

# What differs on the element in focus, or around it, from how both look without the focus.
_UNSEEN_FOCUS: Final = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const around = [element, element.parentElement, element.closest("form"), element.closest("li")].filter(Boolean);
  const look = () => around.map((each) => {
    const { outlineStyle, outlineWidth, borderTopColor, borderTopWidth, boxShadow } = getComputedStyle(each);
    return [outlineStyle === "none" ? "" : outlineWidth, borderTopColor, borderTopWidth, boxShadow].join();
  }).join(";");
  const focused = look();
  element.blur();
  const blurred = look();
  element.focus();
  return focused === blurred ? `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}` : "";
}"""


def violations(page: Page) -> list[str]:
    """What axe finds: WCAG 2.2 AA, its best practices, and all that Lighthouse looks at."""
    page.evaluate(_AXE.read_text(encoding="utf-8") + ";0")
    found: list[str] = page.evaluate(
        """async (names) => {
             const rules = Object.fromEntries(names.map((name) => [name, {enabled: true}]));
             const {violations} = await axe.run(document, {rules, resultTypes: ["violations"]});
             return violations.flatMap(({id, nodes}) =>
               nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 150)} ${failureSummary}`));
           }""",
        list(LIGHTHOUSE),
    )
    return found


def unknown_rules(page: Page) -> set[str]:
    """Rules of Lighthouse that this axe does not have."""
    page.evaluate(_AXE.read_text(encoding="utf-8") + ";0")
    known: list[str] = page.evaluate("axe.getRules().map(({ruleId}) => ruleId)")
    return set(LIGHTHOUSE) - set(known)


def cut_off(page: Page) -> list[str]:
    """What cannot be seen whole without scrolling sideways."""
    found: list[str] = page.evaluate(_CUT_OFF)
    return found


def unseen_focus(page: Page, stops: int) -> list[Any]:
    """The stops of the Tab key at which nothing shows that they have the focus."""
    found = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        unseen = page.evaluate(_UNSEEN_FOCUS)
        if unseen:
            found.append(unseen)
    return found
