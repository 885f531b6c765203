"""Pure decisions of the room: values in, values out."""
