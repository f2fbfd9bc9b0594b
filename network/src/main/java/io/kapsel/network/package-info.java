/** Networks, and how containers are joined to them. */
package io.kapsel.network;
