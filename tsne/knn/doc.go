// Package knn finds the nearest neighbours of points.
package knn
