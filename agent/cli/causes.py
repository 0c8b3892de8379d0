"""Why a way to the platform is down, in the reader's language: the gateway tells it in English, as in its log."""

from agent.language import later, tr

PHRASES = (
    later("not connected yet"),
    later("the broker refused the login"),
    later("the broker refused it"),
    later("the broker refuses the subscription"),
    later("another client has logged in with our client id (session taken over)"),
    later("the broker closed the link before it let us in"),
    later("does it want a client certificate?"),
    later("no confirmation within"),
    later("no answer within"),
    later("nobody listens there (connection refused)"),
    later("the host does not answer on this network (no route to host)"),
    later("there is no network in that direction (network is unreachable)"),
    later("the other side reset the connection"),
    later("the broker's certificate is not accepted"),
    later("no TLS with the broker"),
    later("the name of the broker cannot be resolved (DNS)"),
    later("cannot use the credentials"),
    later("there is no network interface"),
    later("cannot go out by"),
    later("the link broke"),
    later("the link ended"),
    later("the session was given up"),
)
OTHERS = (  # of OpenSSL, and of MQTT's reason codes
    later("certificate has expired"),
    later("certificate is not yet valid"),
    later("unable to get local issuer certificate"),
    later("self-signed certificate in certificate chain"),
    later("self-signed certificate"),
    later("Hostname mismatch"),
    later("Bad user name or password"),
    later("Not authorized"),
    later("Server shutting down"),
    later("Quota exceeded"),
)


def cause(why: str) -> str:
    """The same with every part translated that people meet."""
    for phrase in (*PHRASES, *OTHERS):
        why = why.replace(phrase, tr(phrase))
    return why
