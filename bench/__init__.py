"""The benchmark: change in the field to message at a subscriber, against the wire's own limit (README.md)."""
