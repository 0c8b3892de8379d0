"""What a broker and the link to it can do to a gateway: the real process, the real mosquitto."""
