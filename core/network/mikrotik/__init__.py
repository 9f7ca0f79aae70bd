"""MikroTik routers through their binary API, RouterOS 6 and 7."""
