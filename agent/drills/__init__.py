"""Drills and test presses: what was announced, what came of it, and who was reached how fast; pure."""
