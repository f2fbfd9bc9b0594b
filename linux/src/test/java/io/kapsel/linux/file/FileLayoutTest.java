package io.kapsel.linux.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.CLayout;
import org.junit.jupiter.api.Test;

class FileLayoutTest {
  @Test
  void theStatusIsReadWhereTheKernelPutsIt() {
    assertThat(FileStatus.SIZE).isEqualTo(CLayout.of("struct statx"));
    assertThat(FileStatus.LINKS).isEqualTo(CLayout.of("struct statx.stx_nlink"));
    assertThat(FileStatus.UID).isEqualTo(CLayout.of("struct statx.stx_uid"));
    assertThat(FileStatus.GID).isEqualTo(CLayout.of("struct statx.stx_gid"));
    assertThat(FileStatus.MODE).isEqualTo(CLayout.of("struct statx.stx_mode"));
    assertThat(FileStatus.INODE).isEqualTo(CLayout.of("struct statx.stx_ino"));
    assertThat(FileStatus.BYTES).isEqualTo(CLayout.of("struct statx.stx_size"));
    assertThat(FileStatus.BLOCKS).isEqualTo(CLayout.of("struct statx.stx_blocks"));
    assertThat(FileStatus.CHANGED).isEqualTo(CLayout.of("struct statx.stx_ctime"));
    assertThat(FileStatus.MODIFIED).isEqualTo(CLayout.of("struct statx.stx_mtime"));
    assertThat(FileStatus.DEVICE).isEqualTo(CLayout.of("struct statx.stx_rdev_major"));
    assertThat(FileStatus.FILESYSTEM).isEqualTo(CLayout.of("struct statx.stx_dev_major"));
    assertThat(FileStatus.MOUNT).isEqualTo(CLayout.of("struct statx.stx_mnt_id"));
  }

  @Test
  void theFileSystemsStatusIsReadWhereTheKernelPutsIt() {
    assertThat(FilesystemStatus.SIZE).isEqualTo(CLayout.of("struct statfs"));
    assertThat(FilesystemStatus.BLOCKS).isEqualTo(CLayout.of("struct statfs.f_blocks"));
    assertThat(FilesystemStatus.AVAILABLE).isEqualTo(CLayout.of("struct statfs.f_bavail"));
    assertThat(FilesystemStatus.FILES).isEqualTo(CLayout.of("struct statfs.f_files"));
    assertThat(FilesystemStatus.FLAGS).isEqualTo(CLayout.of("struct statfs.f_flags"));
  }

  @Test
  void listingsAndRequestsLieWhereTheyShould() {
    assertThat(DirectoryReader.LENGTH).isEqualTo(CLayout.of("struct dirent64.d_reclen"));
    assertThat(DirectoryReader.TYPE).isEqualTo(CLayout.of("struct dirent64.d_type"));
    assertThat(DirectoryReader.NAME).isEqualTo(CLayout.of("struct dirent64.d_name"));
    assertThat(OpenHow.SIZE).isEqualTo(CLayout.of("struct open_how"));
    assertThat(8).isEqualTo(CLayout.of("struct open_how.mode"));
    assertThat(16).isEqualTo(CLayout.of("struct open_how.resolve"));
  }

  @Test
  void flagsAreThoseOfThisArchitecture() {
    assertThat(OpenFlags.DIRECTORY).isEqualTo(CLayout.of("O_DIRECTORY"));
    assertThat(OpenFlags.NO_FOLLOW).isEqualTo(CLayout.of("O_NOFOLLOW"));
    assertThat(OpenFlags.PATH).isEqualTo(CLayout.of("O_PATH"));
    assertThat(OpenFlags.TEMPORARY).isEqualTo(CLayout.of("O_TMPFILE"));
    assertThat(OpenFlags.CLOSE_ON_EXEC).isEqualTo(CLayout.of("O_CLOEXEC"));
    assertThat(OpenFlags.NO_TERMINAL).isEqualTo(CLayout.of("O_NOCTTY"));
    assertThat(OpenFlags.NON_BLOCKING).isEqualTo(CLayout.of("O_NONBLOCK"));
    assertThat(OpenFlags.APPEND).isEqualTo(CLayout.of("O_APPEND"));
    assertThat(OpenFlags.TRUNCATE).isEqualTo(CLayout.of("O_TRUNC"));
    assertThat(OpenFlags.EXCLUSIVE).isEqualTo(CLayout.of("O_EXCL"));
    assertThat(OpenFlags.CREATE).isEqualTo(CLayout.of("O_CREAT"));
  }
}
