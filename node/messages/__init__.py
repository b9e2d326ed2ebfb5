"""Messages of the wire as people write and read them: by name, with fields, short enum values, named accounts.

Everything here is worked out from the annotations of the wire types; no message is treated by name.
"""
