/** Child processes, descriptors of processes, signals and limits. */
package io.kapsel.linux.process;
