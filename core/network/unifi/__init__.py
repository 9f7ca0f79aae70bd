"""UniFi controllers and consoles, through pyunifi."""
