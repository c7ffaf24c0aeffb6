"""The instructor's tools: build, release and grade the labs (`labs --help`)."""
