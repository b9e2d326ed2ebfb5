"""Module settlement: paying for what flowed, certificates, rewards."""
