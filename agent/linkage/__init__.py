"""Cause and effect (联动): a matrix over alarms decides what outputs shall be, as pure functions."""
