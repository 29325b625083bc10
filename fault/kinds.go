package fault

// Kinds are the faults whose effects stand in this package.
func Kinds() []Kind {
	return []Kind{
		kindHTTPStatus(), kindLatency(), kindCut(), kindAPIError(),
		kindDriveRefuse(), kindDriveCrypto(), kindDriveFull(), kindDriveExpired(), kindDriveResource(),
		kindRegisterError(), kindRegisterMaintenance(), kindPaperOut(), kindPowerCut(),
		kindCommitFails(), kindDiskFull(), kindNoWebhooks(),
	}
}
