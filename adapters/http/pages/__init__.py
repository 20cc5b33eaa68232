"""Pages for people: the home page and the documentation of the API, from files of the package."""
