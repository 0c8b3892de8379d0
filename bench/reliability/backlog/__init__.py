"""What an outage leaves behind: a million records to send, and what is written to flash meanwhile."""
