"""Identity of what survey files hold: which redshift, brick and TARGETID belong to which galaxy."""
