"""A plain module beside the notebooks: Databricks keeps it a file, since it has no notebook header."""


def zone_number(name):
    """The number in a zone's name: "Zone 7216" is 7216."""
    digits = "".join(character for character in name if character.isdigit())
    if not digits:
        raise ValueError(f"'{name}' names no zone")
    return int(digits)
