"""The providers, emulated on loopback in their own protocols: the production plugins talk to them unchanged."""
