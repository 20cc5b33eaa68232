"""Why a question is not answered."""


class Failed(Exception):  # noqa: N818 - read as "the question failed"
    """The database would not answer; the message is for who asked."""


class OutOfTime(Exception):  # noqa: N818 - read as "the question is out of time"
    pass
