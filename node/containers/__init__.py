"""What the containers of docker-compose.yml run (docs/containers.md)."""
