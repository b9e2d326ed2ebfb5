"""A neighbourhood's whole day on real validators: start everything, watch it, report."""
