"""`make fuzz`: more bytes from outside than a test run has time for."""
