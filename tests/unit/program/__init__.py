"""The whole program under mocks."""
