"""The DSO's services: the signing service, and the daemon that collects meters, proves flows and posts rebates."""
