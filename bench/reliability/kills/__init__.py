"""The real gateway killed a thousand times: who starts it, who presses, what the disk held, and who judges."""
