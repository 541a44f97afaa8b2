module mimir-probe

go 1.23
