"""Four instances of the application under random workloads and faults, and an auditor that predicts every result."""
