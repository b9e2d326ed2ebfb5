"""What application and clients share: values, encodings, sign bytes, codes. Imports nothing of ours."""
