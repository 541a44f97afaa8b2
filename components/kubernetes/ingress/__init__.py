"""How requests reach the application: the edge, Services, routes, certificates."""
