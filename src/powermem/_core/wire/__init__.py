"""What goes over the wire to model providers: requests are built and replies are read here, none is sent."""
