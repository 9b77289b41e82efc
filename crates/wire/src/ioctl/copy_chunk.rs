//! [MS-SMB2] 2.2.31.1, 2.2.32.1 and 2.2.32.3: copying on the server, and the key that names the source.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most chunks that are read. A server that allows fewer answers with its own limit. [MS-SMB2] 3.3.5.15.6
pub const CHUNKS_MAX: u32 = 4096;

/// What a server gives out for an open, and a copy names its source by. [MS-SMB2] 2.2.32.3
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ResumeKey(pub [u8; 24]);

impl ResumeKey {
    /// Reads the output of FSCTL_SRV_REQUEST_RESUME_KEY.
    pub fn decode(output: &[u8]) -> Result<ResumeKey, DecodeError> {
        Reader::new("SRV_REQUEST_RESUME_KEY", output).array().map(ResumeKey)
    }

    /// Appends that output: the key, and a context of no bytes, for which four stand nonetheless as Windows sends them.
    pub fn encode(&self, w: &mut Writer) {
        w.bytes(&self.0);
        w.u32(0);
        w.u32(0);
    }
}

/// SRV_COPYCHUNK. [MS-SMB2] 2.2.31.1.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopyChunk {
    /// SourceOffset, in bytes.
    pub source_offset: u64,
    /// TargetOffset, in bytes.
    pub target_offset: u64,
    /// Length, in bytes.
    pub len: u32,
}

/// SRV_COPYCHUNK_COPY. [MS-SMB2] 2.2.31.1
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopyChunkRequest {
    /// SourceKey.
    pub source: ResumeKey,
    /// Chunks.
    pub chunks: Vec<CopyChunk>,
}

impl CopyChunkRequest {
    /// Reads the input of FSCTL_SRV_COPYCHUNK.
    pub fn decode(input: &[u8]) -> Result<CopyChunkRequest, DecodeError> {
        let mut r = Reader::new("SRV_COPYCHUNK_COPY", input);
        let source = ResumeKey(r.array()?);
        let count = r.u32()?;
        r.skip(4)?;
        if count > CHUNKS_MAX {
            return Err(DecodeError::Value { what: "ChunkCount", value: count.into() });
        }
        let mut chunks = Vec::new();
        for _ in 0..count {
            let chunk = CopyChunk { source_offset: r.u64()?, target_offset: r.u64()?, len: r.u32()? };
            r.skip(4)?;
            chunks.push(chunk);
        }
        Ok(CopyChunkRequest { source, chunks })
    }

    /// Appends that input.
    pub fn encode(&self, w: &mut Writer) {
        w.bytes(&self.source.0);
        w.len32("ChunkCount", self.chunks.len());
        w.u32(0);
        for chunk in &self.chunks {
            w.u64(chunk.source_offset);
            w.u64(chunk.target_offset);
            w.u32(chunk.len);
            w.u32(0);
        }
    }
}

/// SRV_COPYCHUNK_RESPONSE: what was done, or with STATUS_INVALID_PARAMETER what may be asked. [MS-SMB2] 2.2.32.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopyChunkResponse {
    /// ChunksWritten, or the most chunks in a request.
    pub chunks_written: u32,
    /// ChunkBytesWritten of a chunk that failed, or the most bytes in a chunk.
    pub chunk_bytes_written: u32,
    /// TotalBytesWritten, or the most bytes in a request.
    pub total_bytes_written: u32,
}

impl CopyChunkResponse {
    /// Reads the output of FSCTL_SRV_COPYCHUNK.
    pub fn decode(output: &[u8]) -> Result<CopyChunkResponse, DecodeError> {
        let mut r = Reader::new("SRV_COPYCHUNK_RESPONSE", output);
        Ok(CopyChunkResponse {
            chunks_written: r.u32()?,
            chunk_bytes_written: r.u32()?,
            total_bytes_written: r.u32()?,
        })
    }

    /// Appends that output.
    pub fn encode(&self, w: &mut Writer) {
        w.u32(self.chunks_written);
        w.u32(self.chunk_bytes_written);
        w.u32(self.total_bytes_written);
    }
}
