"""What application and clients share: typed values, encodings, sign bytes, result codes, generated code. Imports nothing of ours."""
