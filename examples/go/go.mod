module pointsman.example/junction

go 1.19
