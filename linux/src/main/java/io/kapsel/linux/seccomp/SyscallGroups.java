package io.kapsel.linux.seccomp;

import io.kapsel.linux.capability.Capability;
import java.util.List;

/**
 * The decision on every system call that the table knows, for {@link DefaultProfile}. Each name is
 * in exactly one place, which a test holds.
 */
final class SyscallGroups {
  /** What a program may do to itself and to files, sockets and processes that it can reach. */
  static final List<String> ALLOWED =
      join(
          files(),
          fileAttributes(),
          readingAndWriting(),
          memory(),
          processes(),
          identity(),
          signals(),
          time(),
          waiting(),
          sockets(),
          interProcess(),
          scheduling(),
          system(),
          architectureOwn());

  /** Allowed to a container that has any of the capabilities. */
  record Gate(List<Capability> any, List<String> calls) {}

  /** Calls that stand behind a capability, which the kernel asks for as well. */
  static final List<Gate> GATED =
      List.of(
          gate(
              List.of(Capability.SYS_ADMIN),
              """
              fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr
              move_mount open_tree quotactl quotactl_fd setdomainname sethostname setns umount
              umount2 unshare
              """),
          gate(List.of(Capability.SYS_ADMIN, Capability.BPF), "bpf"),
          gate(List.of(Capability.SYS_ADMIN, Capability.PERFMON), "perf_event_open"),
          gate(List.of(Capability.SYS_ADMIN, Capability.SYSLOG), "syslog"),
          gate(List.of(Capability.DAC_READ_SEARCH), "open_by_handle_at"),
          gate(List.of(Capability.SYS_BOOT), "reboot"),
          gate(List.of(Capability.SYS_CHROOT), "chroot"),
          gate(List.of(Capability.SYS_MODULE), "delete_module finit_module init_module"),
          gate(List.of(Capability.SYS_PACCT), "acct"),
          gate(List.of(Capability.SYS_PTRACE), "kcmp pidfd_getfd process_madvise"),
          gate(List.of(Capability.SYS_RAWIO), "ioperm iopl"),
          gate(List.of(Capability.SYS_TIME), "clock_settime clock_settime64 settimeofday stime"),
          gate(List.of(Capability.SYS_TTY_CONFIG), "vhangup"),
          gate(
              List.of(Capability.SYS_NICE),
              """
              get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node
              """));

  /** Calls whose arguments decide. */
  static final List<String> BY_ARGUMENTS = List.of("clone", "clone3", "personality", "socket");

  /** What an engine of containers needs, and nobody else: it is opened by a word of its own. */
  static final List<String> OF_ENGINES = words("add_key keyctl pivot_root request_key");

  /**
   * Refused whatever the capabilities: keys are not namespaced, io_uring does its work where no
   * filter sees it, userfaultfd makes kernel races easy to win; the rest changes the host, or is
   * long gone from the kernel.
   */
  static final List<List<String>> DENIED =
      List.of(
          words("io_uring_enter io_uring_register io_uring_setup userfaultfd"),
          words(
              """
              kexec_file_load kexec_load listns nfsservctl open_tree_attr pciconfig_iobase
              pciconfig_read pciconfig_write swapoff swapon vm86 vm86old
              """),
          words(
              """
              _sysctl afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime
              get_kernel_syms getpmsg gtty idle lock mpx oldfstat oldlstat oldolduname oldstat
              olduname prof profil putpmsg query_module security stty sysfs tuxcall ulimit uselib
              usr26 usr32 ustat vserver
              """));

  private SyscallGroups() {}

  private static List<String> files() {
    return words(
        """
        access chdir close close_range creat dup dup2 dup3 faccessat faccessat2 fchdir flock getcwd
        getdents getdents64 link linkat listmount mkdir mkdirat mknod mknodat name_to_handle_at open
        openat openat2 readdir readlink readlinkat rename renameat renameat2 rmdir statmount symlink
        symlinkat umask unlink unlinkat
        """);
  }

  private static List<String> fileAttributes() {
    return words(
        """
        chmod chown chown32 fchmod fchmodat fchmodat2 fchown fchown32 fchownat fgetxattr
        file_getattr file_setattr flistxattr fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
        fstatfs64 futimesat getxattr getxattrat lchown lchown32 lgetxattr listxattr listxattrat
        llistxattr lremovexattr lsetxattr lstat lstat64 newfstatat removexattr removexattrat
        setxattr setxattrat stat stat64 statfs statfs64 statx utime utimensat utimensat_time64
        utimes
        """);
  }

  private static List<String> readingAndWriting() {
    return words(
        """
        _llseek arm_fadvise64_64 arm_sync_file_range cachestat copy_file_range fadvise64
        fadvise64_64 fallocate fanotify_mark fcntl fcntl64 fdatasync fsync ftruncate ftruncate64
        inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
        io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl lseek pipe pipe2
        pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile sendfile64
        splice sync sync_file_range syncfs tee truncate truncate64 vmsplice write
        writev
        """);
  }

  private static List<String> memory() {
    return words(
        """
        brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2
        mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc
        pkey_free pkey_mprotect remap_file_pages
        """);
  }

  private static List<String> processes() {
    return words(
        """
        execve execveat exit exit_group fork get_robust_list get_thread_area getpgid getpgrp getpid
        getppid getsid gettid landlock_add_rule landlock_create_ruleset landlock_restrict_self
        lsm_get_self_attr lsm_list_modules lsm_set_self_attr pidfd_open pidfd_send_signal prctl
        process_mrelease process_vm_readv process_vm_writev ptrace rseq rseq_slice_yield seccomp
        set_robust_list set_thread_area set_tid_address setpgid setsid vfork wait4 waitid waitpid
        """);
  }

  private static List<String> identity() {
    return words(
        """
        capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
        getresgid getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid
        setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32
        setresuid setresuid32 setreuid setreuid32 setuid setuid32
        """);
  }

  private static List<String> signals() {
    return words(
        """
        kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
        rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
        sgetmask sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn
        sigsuspend ssetmask tgkill tkill
        """);
  }

  private static List<String> time() {
    return words(
        """
        adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
        clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep
        setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
        timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
        timerfd_settime timerfd_settime64 times
        """);
  }

  private static List<String> waiting() {
    return words(
        """
        _newselect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd
        eventfd2 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake poll ppoll
        ppoll_time64 pselect6 pselect6_time64 select
        """);
  }

  private static List<String> sockets() {
    return words(
        """
        accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg
        recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall
        socketpair
        """);
  }

  private static List<String> interProcess() {
    return words(
        """
        ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
        mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
        semtimedop_time64 shmat shmctl shmdt shmget
        """);
  }

  private static List<String> scheduling() {
    return words(
        """
        getcpu getpriority getrlimit getrusage ioprio_get ioprio_set nice prlimit64
        sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
        sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
        sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority
        setrlimit ugetrlimit
        """);
  }

  private static List<String> system() {
    return words("getrandom sysinfo uname");
  }

  /** The probe calls are made by the kernel's own trampolines and refuse everybody else. */
  private static List<String> architectureOwn() {
    return words("arch_prctl breakpoint cacheflush get_tls modify_ldt set_tls uprobe uretprobe");
  }

  private static Gate gate(List<Capability> any, String calls) {
    return new Gate(any, words(calls));
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }

  @SafeVarargs
  private static List<String> join(List<String>... lists) {
    List<String> all = new java.util.ArrayList<>();
    for (List<String> list : lists) {
      all.addAll(list);
    }
    return List.copyOf(all);
  }
}
