/** System call filters: profiles, their text form, and their compilation to classic BPF. */
@org.jspecify.annotations.NullMarked
package io.kapsel.linux.seccomp;
