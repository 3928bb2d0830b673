"""The ten-condition workload of the peers: Poort beside other engines, agreeing before they are timed."""
