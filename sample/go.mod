module mimir-sample

go 1.23
