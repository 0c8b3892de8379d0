"""IP cameras: is one there, does it give a stream, what time does it have; no credentials, nothing kept open."""
