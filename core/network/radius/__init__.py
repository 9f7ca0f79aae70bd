"""FreeRADIUS, through the tables it reads and writes and the packets a NAS obeys."""
