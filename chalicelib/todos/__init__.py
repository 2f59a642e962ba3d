"""The domain, pure Python: what a todo is, what happens to it, and which commands it allows."""
