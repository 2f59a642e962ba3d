/**
 * The shapes that the rooms hand to each other.
 *
 * A todo as the API answers it (docs/reference/api.md); `deleted` is true for one that waits for its deletion to be
 * forgotten.
 * @typedef {{
 *   id: string, version: number, title: string, notes: string | null, completed: boolean, list: string,
 *   tags: string[] | null, priority: string, due: string | null, remind_at: string | null, order: number | null,
 *   repeat: string | null, repeat_from: string | null, time_zone: string | null, parent: string | null,
 *   source: string | null, completed_at: string | null, created_at: string, updated_at: string, deleted?: boolean,
 * }} Todo
 *
 * What a client may change of it.
 * @typedef {Partial<Omit<Todo, "id" | "version">>} Fields
 *
 * One event of a todo's history.
 * @typedef {{
 *   version: number, type: string, event_id: string, occurred_at: string, actor: string, client?: string | null,
 *   operation?: string | null, change: Record<string, any>, id?: string, idempotency_key?: string | null,
 * }} TodoEvent
 *
 * A problem document (RFC 9457); a 412 brings `todo` and `events`.
 * @typedef {{
 *   status?: number, title?: string, detail?: string, todo?: Todo, events?: TodoEvent[],
 *   errors?: {pointer: string, detail: string}[],
 * }} Problem
 *
 * A change that waits in the outbox.
 * - `seq`: its place; the database gives it.
 * - `base`: the values, before the change, of the fields that it sets.
 * - `version`: that of the todo it was based on; null behind another command of the same todo, whose answer has it.
 * - `key`: its idempotency key.
 * - `operation`: what it is part of, where several were made by one act of a person.
 * - `events`: what others did meanwhile and it was merged with.
 * - `state`: `waiting`, `refused` with `problem`, or `conflict` with `clash`.
 * @typedef {{
 *   seq: number, id: string, op: "create" | "patch" | "delete" | "restore" | "revert", body: Record<string, any>,
 *   base: Fields, version: number | null, key: string, operation?: string, at: string,
 *   state: "waiting" | "refused" | "conflict", problem?: Problem, clash?: Clash, events?: TodoEvent[],
 * }} Command
 *
 * Two edits of one todo of which a person chooses. `deleted`: theirs was its deletion.
 * @typedef {{fields: string[], theirs: Todo, events: TodoEvent[], merged: string[], deleted: boolean}} Clash
 */
export {};
