"""Everything that touches the world: stores, views, HTTP, the command line, the environment."""
