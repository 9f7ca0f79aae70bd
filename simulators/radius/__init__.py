"""What stands around a RADIUS database: the server that reads it, and a NAS that lets people in."""
