/** Ways to other engines. */
package io.kapsel.cli.reach;
