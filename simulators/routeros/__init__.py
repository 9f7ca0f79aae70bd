"""A MikroTik router as its API shows it: the binary protocol, the menus an ISP uses, and people dialling in."""
