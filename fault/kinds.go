package fault

// Kinds are the faults whose effects stand in this package.
func Kinds() []Kind {
	return []Kind{kindHTTPStatus(), kindLatency(), kindCut(), kindCommitFails(), kindDiskFull(), kindNoWebhooks()}
}
