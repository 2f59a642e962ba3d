"""The workflows of .github, checked without running them."""
