"""A UniFi controller on loopback: both URL styles, cookies, CSRF tokens, its errors and its refusals."""
