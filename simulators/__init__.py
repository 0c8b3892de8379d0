"""Simulators: the field, the broker and the platform, in virtual time or on real ports."""
