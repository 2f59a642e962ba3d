"""HTTP: blueprints by resource. What they share is in `http`; who is asking, in `auth`."""
