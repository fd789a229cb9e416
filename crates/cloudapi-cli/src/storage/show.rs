//! Stored objects in columns.

use cloudapi::storage::UploadOutcome;

use crate::output::Report;
use crate::output::grid::Grid;

impl Report for UploadOutcome {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "Bucket",
            "Key",
            "Size",
            "Parts",
            "ETag",
            "VersionId",
            "Checksum",
        ]);
        let checksum = self.checksum.as_ref();
        grid.row([
            self.bucket.clone(),
            self.key.clone(),
            self.size.to_string(),
            self.parts.to_string(),
            self.e_tag.clone().unwrap_or_default(),
            self.version_id.clone().unwrap_or_default(),
            checksum.map_or_else(String::new, |checksum| {
                format!("{} {}", checksum.algorithm, checksum.value)
            }),
        ]);
        grid
    }
}
